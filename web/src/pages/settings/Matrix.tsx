import { Checkbox } from "@mantine/core";
import { useTranslation } from "@/i18n/words";
import { type Channel, KINDS, type Preferences, turned } from "./preferences";
import styles from "./settings.module.css";

type Props = {
  preferences: Preferences;
  channels: readonly Channel[];
  onChange: (next: (before: Preferences) => Preferences) => void;
};

/** Of what, by which ways. */
export function Matrix({ preferences, channels, onChange }: Props) {
  const { t } = useTranslation("settings");
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keyboard
    <section className={styles.scroll} aria-label={t("matrix.title")} tabIndex={0}>
      <table className={styles.matrix}>
        <thead>
          <tr>
            <td />
            {channels.map((channel) => (
              <th key={channel} scope="col">
                {t(`channels.${channel}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {KINDS.map((kind) => (
            <tr key={kind}>
              <th scope="row">{t(`kinds.${kind}`)}</th>
              {channels.map((channel) => (
                <td key={channel}>
                  <div className={styles.cell}>
                    <Checkbox
                      size="md"
                      aria-label={`${t(`kinds.${kind}`)}: ${t(`channels.${channel}`)}`}
                      checked={preferences.kinds[kind][channel]}
                      onChange={({ currentTarget: { checked } }) =>
                        onChange((before) => turned(before, kind, channel, checked))
                      }
                    />
                  </div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

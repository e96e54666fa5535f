import { Button, Group } from "@mantine/core";
import { IconPhoto, IconPhotoOff } from "@tabler/icons-react";
import { useState, useSyncExternalStore } from "react";
import { useTranslation } from "@/i18n/words";
import { pictureSource } from "./addresses";
import { allowedHosts, allowHost, onHosts } from "./hosts";
import styles from "./Markdown.module.css";

type Props = { src: string | undefined; alt: string; title: string | undefined };

/** A picture; one that lies elsewhere only when the reader wants it. */
export function Picture({ src, alt, title }: Props) {
  const { t } = useTranslation("markdown");
  const hosts = useSyncExternalStore(onHosts, allowedHosts);
  const [wanted, setWanted] = useState<string | null>(null);
  const [broken, setBroken] = useState<string | null>(null);
  const source = pictureSource(src);
  if (source.kind === "refused") return <span>{alt}</span>;
  if (broken === source.src) {
    return (
      <span className={styles.missing}>
        <IconPhotoOff size={16} aria-hidden /> {alt || t("picture.broken")}
      </span>
    );
  }
  if (source.kind === "own" || wanted === source.src || hosts.has(source.host)) {
    return (
      <img
        className={styles.picture}
        src={source.src}
        alt={alt}
        title={title}
        loading="lazy"
        decoding="async"
        referrerPolicy="no-referrer"
        onError={() => setBroken(source.src)}
      />
    );
  }
  const { host } = source;
  return (
    <span className={styles.blocked}>
      <span className={styles.about}>
        <IconPhoto size={16} aria-hidden />
        <span>
          {alt && (
            <>
              <bdi>{alt}</bdi>
              {" · "}
            </>
          )}
          {t("picture.blocked", { host })}
        </span>
      </span>
      <Group component="span" gap="xs">
        <Button size="compact-xs" variant="default" onClick={() => setWanted(source.src)}>
          {t("picture.show")}
        </Button>
        <Button size="compact-xs" variant="subtle" onClick={() => allowHost(host)}>
          {t("picture.always", { host })}
        </Button>
      </Group>
    </span>
  );
}

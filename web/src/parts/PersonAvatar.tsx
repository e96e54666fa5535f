import { colourOf } from "./colours";
import { initials } from "./initials";
import styles from "./PersonAvatar.module.css";

type Props = {
  id: string;
  name: string;
  size?: number;
  /** Where the name stands beside it. */
  decorative?: boolean;
};

export function PersonAvatar({ id, name, size = 24, decorative = false }: Props) {
  const said = decorative ? { "aria-hidden": true } : { role: "img", "aria-label": name };
  return (
    <span
      {...said}
      className={styles.avatar}
      title={decorative ? undefined : name}
      style={{ background: colourOf(id), inlineSize: size, blockSize: size, fontSize: size * 0.42 }}
    >
      {initials(name)}
    </span>
  );
}

import type { HTMLAttributes } from "react";

/**
 * The root of a menu's dropdown that holds more than items, such as a field to search them: a dialog,
 * in which the items are a menu of their own.
 */
export const asDialog = (props: HTMLAttributes<HTMLDivElement>) => (
  <div {...props} role="dialog" aria-orientation={undefined} />
);

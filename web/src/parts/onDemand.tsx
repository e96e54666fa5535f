import {
  type ComponentType,
  cloneElement,
  type FocusEvent,
  type MouseEvent,
  type ReactElement,
  type Ref,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { fail } from "@/notices";

/** What a menu is given: its button, and whether it is open. */
export type Menued = {
  target: ReactElement<TargetProps>;
  opened: boolean;
  onChange: (opened: boolean) => void;
};

type TargetProps = {
  ref?: Ref<HTMLButtonElement>;
  onClick?: (event: MouseEvent) => void;
  onFocus?: (event: FocusEvent) => void;
  onPointerEnter?: () => void;
  "aria-haspopup"?: "menu" | "dialog";
  "aria-expanded"?: boolean;
};

/** Code of a menu that comes later. */
export type Later<P> = { load: () => Promise<ComponentType<P>>; known?: ComponentType<P> };

export function later<P extends object>(load: () => Promise<{ default: ComponentType<P> }>) {
  const it: Later<P> = {
    load: async () => {
      it.known ??= (await load()).default;
      return it.known;
    },
  };
  return it;
}

type Props<P> = { menu: Later<P>; target: Menued["target"]; given: Omit<P, keyof Menued> };

/**
 * A menu whose code comes when somebody is about to open it; until then there is its button, which
 * looks the same and keeps the focus.
 */
export function OnDemand<P extends Menued>({ menu, target, given }: Props<P>) {
  const [Body, setBody] = useState(() => menu.known);
  const [opened, onChange] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const wanted = useRef(false);
  useLayoutEffect(() => {
    if (Body === undefined || !wanted.current) return;
    wanted.current = false;
    // The button is another element now. It is where the focus comes back to.
    button.current?.focus({ preventScroll: true });
    onChange(true);
  }, [Body]);
  if (Body !== undefined) {
    const props = { ...given, target: cloneElement(target, { ref: button }), opened, onChange };
    return <Body {...(props as unknown as P)} />;
  }
  // Only a click puts the menu there: an element that is another one between press and release is
  // not clicked.
  const open = () => {
    wanted.current = true;
    menu.load().then((body) => setBody(() => body), fail);
  };
  const prepare = () => void menu.load().catch(() => null);
  return cloneElement(target, {
    onClick: open,
    onFocus: prepare,
    onPointerEnter: prepare,
    "aria-haspopup": "menu",
    "aria-expanded": false,
  });
}

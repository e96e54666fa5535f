import { Combobox, Input, UnstyledButton, useCombobox, VisuallyHidden } from "@mantine/core";
import { IconCheck, IconPlus, IconSelector } from "@tabler/icons-react";
import {
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from "react";
import { useTranslation } from "@/i18n/words";
import styles from "./Picker.module.css";

export type Option = {
  value: string;
  label: string;
  /** Said beside it, and looked through too: an address. */
  hint?: string | undefined;
  icon?: ReactNode;
};

/** What all pickers take. */
export type PickerLook = {
  /** Its name for those who cannot see where it stands; above it in a `field`. */
  label?: string | undefined;
  /** `bare`: as in a cell of a table, an edge only when it is used. */
  variant?: "field" | "bare";
  /** Without its words, where the icon says it: the name stays for screen readers. */
  compact?: boolean;
  disabled?: boolean;
  error?: string | undefined;
  /** Open from the beginning: for a picker that is put where somebody has clicked. */
  defaultOpened?: boolean;
  onClose?: (() => void) | undefined;
};

type Props = Omit<PickerLook, "label"> & {
  label: string;
  /** The value in words. */
  said: string;
  children: ReactNode;
  options: readonly Option[];
  values: readonly string[];
  onPick: (value: string) => void;
  /** Stays open after a choice. */
  multiple?: boolean;
  /** Offered for a name that no option has. */
  onCreate?: ((name: string) => void) | undefined;
  /** What stands below the options. */
  footer?: ReactNode;
};

// So many that one looks for a name instead of reading them all.
const MANY = 8;
const MOST_SHOWN = 60;
// Letters that come later begin a new word.
const WORD_MS = 1_000;

export const folded = (text: string): string =>
  text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();

/** Those whose words begin with what is typed first, then those that have it anywhere. */
export function matching(options: readonly Option[], typed: string): Option[] {
  const wanted = folded(typed);
  if (wanted === "") return options.slice(0, MOST_SHOWN);
  const rank = ({ label, hint = "" }: Option) => {
    const name = folded(label);
    if (name.startsWith(wanted)) return 0;
    if (name.includes(` ${wanted}`)) return 1;
    if (name.includes(wanted)) return 2;
    return folded(hint).includes(wanted) ? 3 : 4;
  };
  return options
    .map((option) => ({ option, rank: rank(option) }))
    .filter((one) => one.rank < 4)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MOST_SHOWN)
    .map((one) => one.option);
}

/** A button that opens a list of options, searched by typing where it is long. */
export function Picker(props: Props) {
  const { label, options, values, onPick, onCreate, multiple = false, variant = "field" } = props;
  const { t } = useTranslation("parts");
  const id = useId();
  const idOf = (index: number) => `${id}-${index}`;
  const [typed, setTyped] = useState("");
  const search = options.length > MANY || onCreate !== undefined;
  const combobox = useCombobox({
    defaultOpened: props.defaultOpened ?? false,
    onDropdownOpen: () => search && combobox.focusSearchInput(),
    onDropdownClose: (source) => {
      combobox.resetSelectedOption();
      setTyped("");
      if (source !== "mouse") combobox.focusTarget();
      props.onClose?.();
    },
  });
  const shown = useMemo(() => matching(options, typed), [options, typed]);
  const name = typed.trim();
  const creates =
    onCreate !== undefined &&
    name !== "" &&
    !options.some((option) => folded(option.label) === folded(name));

  // biome-ignore lint/correctness/useExhaustiveDependencies: the list has changed with the text.
  useEffect(() => {
    if (combobox.dropdownOpened && typed !== "") combobox.selectFirstOption();
  }, [typed]);

  const submit = (value: string) => {
    if (value === CREATE) onCreate?.(name);
    else onPick(value.slice(1));
    setTyped("");
    if (!multiple) combobox.closeDropdown("keyboard");
  };
  return (
    <Combobox
      store={combobox}
      onOptionSubmit={submit}
      position="bottom-start"
      width="max-content"
      shadow="md"
      withinPortal
    >
      <Target
        {...props}
        label={label}
        variant={variant}
        combobox={combobox}
        listed={shown}
        idOf={idOf}
      />
      <Combobox.Dropdown className={styles.dropdown ?? ""}>
        {search && (
          <Combobox.Search
            role="combobox"
            aria-expanded
            aria-label={t("pick.find", { name: label })}
            placeholder={t(onCreate ? "pick.typeOrNew" : "pick.type")}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        )}
        <Combobox.Options className={styles.options ?? ""} aria-label={label}>
          {shown.map((option, index) => (
            <Combobox.Option
              key={option.value}
              id={idOf(index)}
              value={`=${option.value}`}
              active={values.includes(option.value)}
            >
              <Line option={option} chosen={values.includes(option.value)} />
            </Combobox.Option>
          ))}
          {creates && (
            <Combobox.Option value={CREATE}>
              <span className={styles.option}>
                <IconPlus size={16} aria-hidden />
                <span>{t("pick.create", { name })}</span>
              </span>
            </Combobox.Option>
          )}
          {shown.length === 0 && !creates && (
            <Combobox.Empty>{t(name ? "pick.nothing" : "pick.none")}</Combobox.Empty>
          )}
          {options.length > shown.length && shown.length === MOST_SHOWN && (
            <Combobox.Empty>{t("pick.more")}</Combobox.Empty>
          )}
        </Combobox.Options>
        {props.footer && <Combobox.Footer>{props.footer}</Combobox.Footer>}
      </Combobox.Dropdown>
    </Combobox>
  );
}

// Values of options have a sign before them, so that none of them can be this one.
const CREATE = "+";

type Store = ReturnType<typeof useCombobox>;
type Listed = { combobox: Store; listed: readonly Option[]; idOf: (index: number) => string };
type TargetProps = Props & Listed;

function Target(props: TargetProps) {
  const { label, said, variant, compact = false, disabled = false, error, combobox } = props;
  const id = useId();
  const { found, onKeyDown } = useTypeAhead(props);
  const button = (
    <Combobox.Target
      targetType="button"
      withExpandedAttribute
      {...(found && { "aria-activedescendant": found })}
    >
      <UnstyledButton
        className={styles.target ?? ""}
        data-variant={variant}
        data-error={error ? true : undefined}
        disabled={disabled}
        aria-label={`${label}: ${said}`}
        aria-describedby={error ? `${id}-error` : undefined}
        title={compact ? `${label}: ${said}` : undefined}
        onClick={() => combobox.toggleDropdown("mouse")}
        onKeyDown={onKeyDown}
      >
        <span className={styles.value}>{props.children}</span>
        {variant === "field" && <IconSelector className={styles.chevron} size={16} aria-hidden />}
      </UnstyledButton>
    </Combobox.Target>
  );
  if (variant === "bare") return button;
  return (
    <Input.Wrapper
      label={label}
      labelElement="div"
      error={error}
      errorProps={{ id: `${id}-error` }}
    >
      {button}
    </Input.Wrapper>
  );
}

/** Letters typed in the open list go to the option that begins with them; `found` is its id. */
function useTypeAhead({ combobox, listed, idOf }: Listed) {
  const word = useRef({ text: "", at: 0 });
  const [found, setFound] = useState<string | null>(null);
  const opened = combobox.dropdownOpened;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each time it begins anew.
  useEffect(() => setFound(null), [opened]);
  const onKeyDown = ({ key, ctrlKey, altKey, metaKey, timeStamp }: KeyboardEvent) => {
    // From here on the combobox knows itself where it is.
    if (key.startsWith("Arrow")) setFound(null);
    const isLetter = key.length === 1 && key !== " " && !ctrlKey && !altKey && !metaKey;
    if (!opened || !isLetter) return;
    const { text: before, at } = word.current;
    const text = timeStamp - at < WORD_MS ? before + key : key;
    word.current = { text, at: timeStamp };
    const index = listed.findIndex(({ label }) => folded(label).startsWith(folded(text)));
    if (index === -1) return;
    combobox.selectOption(index);
    setFound(idOf(index));
  };
  return { found, onKeyDown };
}

function Line({ option, chosen }: { option: Option; chosen: boolean }) {
  const { t } = useTranslation("parts");
  return (
    <span className={styles.option}>
      {option.icon}
      <span className={styles.words}>
        <bdi>{option.label}</bdi>
        {option.hint && <small>{option.hint}</small>}
      </span>
      {chosen && (
        <>
          <IconCheck className={styles.check} size={16} aria-hidden />
          <VisuallyHidden>{t("pick.chosen")}</VisuallyHidden>
        </>
      )}
    </span>
  );
}

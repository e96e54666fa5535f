import { Button, Menu, Popover, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/problem";
import { useProblemWords } from "@/i18n/problemWords";
import { useTranslation } from "@/i18n/words";
import { fail, tell } from "@/notices";
import type { Menued } from "@/parts/onDemand";
import classes from "./filters.module.css";
import { fromQuery, narrows, toQuery } from "./model";
import type { SavedProps } from "./SavedMenu";
import { type SavedFilter, useSavedFilters } from "./useSavedFilters";

/** Filters saved under a name: apply one, save the present one, remove one. */
export default function SavedList(props: SavedProps & Menued) {
  const { target, opened, onChange, workspaceId, filter, onApply } = props;
  const { t } = useTranslation("filters");
  const { filters, remove, save } = useSavedFilters();
  const [naming, setNaming] = useState(false);
  const here = filters.filter((one) => one.workspace_id === workspaceId || !one.workspace_id);
  const drop = async (one: SavedFilter) => {
    try {
      await remove(one.id);
      const undo = () => save(one.name, one.workspace_id ?? workspaceId, one.query).catch(fail);
      tell({ text: t("saved.removed", { name: one.name }), undo });
    } catch (error) {
      fail(error);
    }
  };
  return (
    <Popover
      withRoles={false}
      opened={naming}
      onChange={setNaming}
      trapFocus
      returnFocus
      shadow="md"
      withinPortal
    >
      <Popover.Target>
        <div>
          <Menu opened={opened} onChange={onChange} position="bottom-end" shadow="md" withinPortal>
            <Menu.Target>{target}</Menu.Target>
            <Menu.Dropdown className={classes.dropdown}>
              {here.length === 0 && <Menu.Label>{t("saved.empty")}</Menu.Label>}
              {here.map((one) => (
                <Menu.Item key={one.id} onClick={() => onApply(fromQuery(one.query))}>
                  <span dir="auto">{one.name}</span>
                </Menu.Item>
              ))}
              <Menu.Divider />
              <Menu.Item disabled={!narrows(filter)} onClick={() => setNaming(true)}>
                {t("saved.save")}
              </Menu.Item>
              {here.length > 0 && (
                <Menu.Sub>
                  <Menu.Sub.Target>
                    <Menu.Sub.Item>{t("saved.remove")}</Menu.Sub.Item>
                  </Menu.Sub.Target>
                  <Menu.Sub.Dropdown>
                    {here.map((one) => (
                      <Menu.Item
                        key={one.id}
                        leftSection={<IconTrash size={16} aria-hidden />}
                        onClick={() => drop(one)}
                      >
                        <span dir="auto">{one.name}</span>
                      </Menu.Item>
                    ))}
                  </Menu.Sub.Dropdown>
                </Menu.Sub>
              )}
            </Menu.Dropdown>
          </Menu>
        </div>
      </Popover.Target>
      <Popover.Dropdown>
        <SaveForm
          onSave={(name) => save(name, workspaceId, toQuery(filter))}
          onDone={() => setNaming(false)}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

type FormProps = { onSave: (name: string) => Promise<void>; onDone: () => void };

function SaveForm({ onSave, onDone }: FormProps) {
  const { t } = useTranslation("filters");
  const words = useProblemWords();
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await onSave(name.trim());
      tell({ text: t("saved.done", { name: name.trim() }) });
      onDone();
    } catch (error) {
      const { status, offline } = asProblem(error);
      const word = offline ? "saved.offline" : status === 409 ? "saved.taken" : null;
      setProblem(word === null ? words.whole(error) : t(word));
    }
  };
  return (
    <form className={classes.save} onSubmit={submit}>
      <TextInput
        label={t("saved.name")}
        value={name}
        maxLength={100}
        required
        data-autofocus
        error={problem}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button type="submit" disabled={name.trim() === ""}>
        {t("saved.keep")}
      </Button>
    </form>
  );
}

import { Button, SegmentedControl, VisuallyHidden } from "@mantine/core";
import { IconChecks, IconCloudOff, IconInbox } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { PageSkeleton } from "@/parts/PageSkeleton";
import { usePageTitle } from "@/parts/pageTitle";
import { useLanguage, useLooking, useWorkspaces, useZone } from "@/replica/hooks";
import { lastWorkspace } from "@/replica/lastWorkspace";
import { nowMs } from "@/time/clock";
import { dayOf } from "@/time/dates";
import { formatNearDay, localeFor } from "@/time/format";
import { byDay, type Day } from "./grouping";
import styles from "./inbox.module.css";
import { NoteGroup } from "./NoteGroup";
import { useUnread } from "./unread";
import { useInbox, useRead } from "./useInbox";

/** What somebody has been told, newest first. */
export function InboxPage() {
  const { t } = useTranslation("inbox");
  const [onlyUnread, setOnlyUnread] = useState(false);
  const count = useUnread();
  const read = useRead();
  // Any workspace's stream says when something new has come.
  useLooking(lastWorkspace(useWorkspaces()));
  const title = t("title");
  usePageTitle(`${count ? `(${count}) ` : ""}${title}`);
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1 className={styles.title}>{title}</h1>
        <VisuallyHidden aria-live="polite">
          {count !== undefined && t("unread", { count })}
        </VisuallyHidden>
        <SegmentedControl
          aria-label={t("show")}
          value={onlyUnread ? "unread" : "all"}
          onChange={(value) => setOnlyUnread(value === "unread")}
          data={[
            { value: "all", label: t("all") },
            { value: "unread", label: t("onlyUnread", { count: count ?? 0 }) },
          ]}
        />
        <Button
          className={styles.readAll ?? ""}
          variant="default"
          leftSection={<IconChecks size={18} aria-hidden />}
          disabled={!count}
          onClick={() => read("all")}
        >
          {t("readAll")}
        </Button>
      </header>
      <Notes onlyUnread={onlyUnread} onRead={read} onAll={() => setOnlyUnread(false)} />
    </div>
  );
}

type NotesProps = {
  onlyUnread: boolean;
  onRead: (ids: string[]) => void;
  onAll: () => void;
};

function Notes({ onlyUnread, onRead, onAll }: NotesProps) {
  const { t } = useTranslation("inbox");
  const zone = useZone();
  const asked = useInbox(onlyUnread);
  const days = useMemo(
    () => byDay(asked.data?.pages.flatMap(({ items }) => items) ?? [], zone),
    [asked.data, zone],
  );
  if (asked.isPending && asked.isPaused) {
    return <EmptyState icon={<IconCloudOff />} title={t("offline")} text={t("offlineText")} />;
  }
  if (asked.isPending) return <PageSkeleton rows={8} />;
  if (asked.isError && days.length === 0) {
    return <ErrorNote error={asked.error} onRetry={() => void asked.refetch()} />;
  }
  if (days.length === 0) return <Empty unread={onlyUnread} onAll={onAll} />;
  return (
    <>
      {days.map((day) => (
        <OneDay key={day.day} day={day} onRead={onRead} />
      ))}
      {asked.isError ? (
        <ErrorNote error={asked.error} onRetry={() => void asked.refetch()} />
      ) : null}
      {asked.hasNextPage ? (
        <Button
          className={styles.more ?? ""}
          variant="default"
          loading={asked.isFetchingNextPage}
          onClick={() => void asked.fetchNextPage()}
        >
          {t("more")}
        </Button>
      ) : null}
    </>
  );
}

function OneDay({ day, onRead }: { day: Day; onRead: (ids: string[]) => void }) {
  const zone = useZone();
  const locale = localeFor(useLanguage());
  return (
    <section aria-labelledby={`day-${day.day}`}>
      <h2 id={`day-${day.day}`} className={styles.day}>
        {formatNearDay(day.day, dayOf(nowMs(), zone), locale)}
      </h2>
      <ul className={styles.groups}>
        {day.groups.map((group) => (
          <NoteGroup key={group.key} group={group} onRead={onRead} />
        ))}
      </ul>
    </section>
  );
}

function Empty({ unread, onAll }: { unread: boolean; onAll: () => void }) {
  const { t } = useTranslation("inbox");
  return (
    <EmptyState
      icon={<IconInbox />}
      title={t(unread ? "noneUnread" : "none")}
      text={t(unread ? "noneUnreadText" : "noneText")}
      action={
        unread ? (
          <Button variant="default" onClick={onAll}>
            {t("showAll")}
          </Button>
        ) : (
          <Link className={styles.settings} to="/settings/notifications">
            {t("settings")}
          </Link>
        )
      }
    />
  );
}

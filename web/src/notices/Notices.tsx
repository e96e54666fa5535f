import "@mantine/notifications/styles.css";
import { Notifications } from "@mantine/notifications";

/** Where notices are shown. */
export default function Notices() {
  return <Notifications position="bottom-left" limit={3} />;
}

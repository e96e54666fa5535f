/** Runs before the application has come: how it looks, and the first requests beside its code. */

import { refresh, wasSignedIn } from "./api/session";
import { applyLook } from "./app/look";

applyLook();
if (wasSignedIn()) refresh().catch(() => null);

/** The stream of a workspace's commits, over a WebSocket; it connects again until it is closed. */

import { API, accessToken, refresh } from "@/api/session";
import type { Change } from "./model";

export type Commit = { seq: number; whole: boolean; changes: Change[] };

export type Listening = {
  /** Where to go on; null to begin with what comes. */
  since(): number | null;
  /** Before each connection: come up to date by other means. Throws where that fails. */
  catchUp(): Promise<void>;
  commit(commit: Commit): void;
  /** There is something new in the reader's inbox. */
  inbox(): void;
  /** Whether commits are coming in. */
  live(on: boolean): void;
  /** It has ended for good: the workspace is not ours any more. */
  gone(): void;
};

// The server gives a sign of life every 15 s; longer silence is a dead connection.
const SILENCE_MS = 25_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

type Message = { event: string; data: unknown };
type End = { code: string; retry_ms: number | null };

export class LiveStream {
  private socket: WebSocket | null = null;
  private connecting = false;
  private closed = false;
  private wait = FIRST_WAIT_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly workspaceId: string,
    private readonly on: Listening,
  ) {
    addEventListener("online", this.soon);
    void this.connect();
  }

  close(): void {
    this.closed = true;
    removeEventListener("online", this.soon);
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.socket?.close();
  }

  private readonly soon = (): void => {
    if (this.socket !== null || this.connecting || this.closed) return;
    clearTimeout(this.timer);
    this.wait = FIRST_WAIT_MS;
    void this.connect();
  };

  private async connect(): Promise<void> {
    this.connecting = true;
    const token = await this.ready();
    this.connecting = false;
    if (this.closed) return;
    if (token === null) {
      this.again();
      return;
    }
    const origin = location.origin.replace(/^http/, "ws");
    const socket = new WebSocket(`${origin}${API}/workspaces/${this.workspaceId}/events`);
    this.socket = socket;
    socket.onopen = () => {
      const since = this.on.since();
      socket.send(JSON.stringify(since === null ? { token } : { token, since }));
    };
    socket.onmessage = ({ data }) => this.hear(JSON.parse(data as string) as Message);
    socket.onclose = ({ code }) => this.ended(socket, code);
    this.watch();
  }

  private async ready(): Promise<string | null> {
    try {
      const token = await accessToken();
      if (token !== null) await this.on.catchUp();
      return token;
    } catch {
      return null;
    }
  }

  private watch(): void {
    clearTimeout(this.silence);
    const socket = this.socket;
    this.silence = setTimeout(() => {
      if (socket === null) return;
      // close() waits for an answer that a dead connection never gives.
      socket.onclose = null;
      socket.close();
      this.ended(socket, 1006);
    }, SILENCE_MS);
  }

  private hear({ event, data }: Message): void {
    this.watch();
    if (event === "ready") {
      this.wait = FIRST_WAIT_MS;
      this.on.live(true);
    } else if (event === "commit") this.on.commit(data as Commit);
    else if (event === "inbox") this.on.inbox();
    else if (event === "end") this.wait = (data as End).retry_ms ?? this.wait;
  }

  private ended(socket: WebSocket, code: number): void {
    if (this.socket !== socket) return;
    this.socket = null;
    clearTimeout(this.silence);
    if (this.closed) return;
    if (code === 4404) {
      this.on.live(false);
      this.on.gone();
      return;
    }
    if (code === 4401) refresh().catch(() => null);
    this.again();
  }

  private again(): void {
    this.on.live(false);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.connect(), this.wait * (0.5 + Math.random()));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }
}

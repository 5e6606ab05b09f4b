import type { AuthData } from "../../src/shared/wire.js";
import type { Reply } from "./http-client.js";
import type { WorkerFixture } from "./worker-fixture.js";

/** A session as its client sees it. */
export class SessionClient {
  readonly fixture: WorkerFixture;
  readonly id: string;
  readonly auth: AuthData;
  /** Epoch seconds, as answered at the creation. */
  readonly expiration: number;

  private constructor(fixture: WorkerFixture, id: string, auth: AuthData, expiration: number) {
    this.fixture = fixture;
    this.id = id;
    this.auth = auth;
    this.expiration = expiration;
  }

  /** @param cost what it announces to the engine. */
  static async open(
    fixture: WorkerFixture,
    payload: Readonly<Record<string, unknown>> = {},
    cost: number | string = 100,
  ): Promise<SessionClient> {
    const auth = { ...fixture.engine.authData({ url: fixture.worker.url }), cost };
    const reply = await fixture.ask("/session/create", { body: { auth_data: auth, payload } });
    if (reply.status !== 201) throw new Error(`expected 201, got ${reply.status}: ${reply.body.toString()}`);
    const { session_id, expiration } = reply.json() as { session_id: string; expiration: number };
    return new SessionClient(fixture, session_id, auth, expiration);
  }

  /** Calls one of the routes `/session/…` for it. */
  ask(route: "get" | "health" | "end", session_auth: unknown = this.auth): Promise<Reply> {
    return this.fixture.ask(`/session/${route}`, { body: { session_id: this.id, session_auth } });
  }

  /** What is sent to a handler inside the session. */
  envelope(payload: unknown = {}) {
    return { auth_data: this.auth, payload, session_id: this.id };
  }

  request(route: string, payload: unknown = {}): Promise<Reply> {
    return this.fixture.ask(route, { body: this.envelope(payload) });
  }
}

import type {
  Purpose,
  WorkerActivate,
  WorkerDeactivate,
  WorkerDestroy,
  WorkerReplace,
} from "../machines/events.js";
import type { Plan } from "../scaling/fleet.js";

type Command = WorkerActivate | WorkerDeactivate | WorkerDestroy | WorkerReplace;

/** Who a plan is carried out by. */
interface Crew {
  /** Tells a worker what to do. One that has gone meanwhile is no error. */
  readonly tell: (id: number, command: Command) => void;
  readonly recruit: (purpose: Purpose) => void;
}

/** Has a plan carried out. @returns what was done, for people; undefined: there was nothing to do. */
export function carryOut(
  { activate, redirect, deactivate, release, replace, recruit, wanted }: Plan,
  crew: Crew,
): string | undefined {
  for (const id of activate) crew.tell(id, { type: "worker.activate" });
  for (const id of deactivate) crew.tell(id, { type: "worker.deactivate" });
  for (const { id, risesTo } of redirect) {
    crew.tell(id, { type: risesTo === "active" ? "worker.activate" : "worker.deactivate" });
  }
  for (const id of release) crew.tell(id, { type: "worker.destroy" });
  for (const { id, risesTo } of replace) crew.tell(id, { type: "worker.replace", purpose: risesTo });
  for (let made = 0; made < recruit.active; made += 1) crew.recruit("active");
  for (let made = 0; made < recruit.inactive; made += 1) crew.recruit("inactive");
  const changes = [activate, redirect, deactivate, release, replace].flat().length;
  if (changes + recruit.active + recruit.inactive === 0) return undefined;
  const ids = (workers: readonly { readonly id: number }[]): string => workers.map(({ id }) => id).join();
  return (
    `recruit ${recruit.active} active, ${recruit.inactive} inactive; activate ${activate}; ` +
    `redirect ${ids(redirect)}; deactivate ${deactivate}; release ${release}; ` +
    `replace ${ids(replace)}: ${wanted.reason}`
  );
}

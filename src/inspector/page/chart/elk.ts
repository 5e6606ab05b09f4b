import licence from "elkjs/LICENSE.md?url";
import Elk from "elkjs/lib/elk-api.js";
// The file as it is published, under the Eclipse Public License 2.0, with its licence beside it.
import workerUrl from "elkjs/lib/elk-worker.min.js?url";

/** Lays charts out in a thread of its own, so that the page goes on. */
export const elk = new Elk({ workerFactory: () => new Worker(workerUrl) });

/** URL of its licence. */
export const ELK_LICENCE = licence;

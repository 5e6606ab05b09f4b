/** A file that a node saved, as ComfyUI names it. */
export interface SavedFile {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: "output";
}

/** What a node that saves something tells of it: files by kind. */
export type NodeOutput = Readonly<Record<string, readonly (SavedFile | boolean)[]>>;

/** What ComfyUI tells over its WebSocket while it executes a workflow. */
export type ComfyMessage =
  | { readonly type: "execution_start"; readonly data: Prompt & { readonly timestamp: number } }
  | { readonly type: "execution_cached"; readonly data: Prompt & { readonly nodes: readonly string[] } }
  /** `null`: the workflow is over. */
  | { readonly type: "executing"; readonly data: Prompt & { readonly node: string | null } }
  | {
      readonly type: "progress";
      readonly data: Prompt & { readonly node: string; readonly value: number; readonly max: number };
    }
  | {
      readonly type: "executed";
      readonly data: Prompt & { readonly node: string; readonly output: NodeOutput };
    }
  | { readonly type: "execution_success"; readonly data: Prompt & { readonly timestamp: number } }
  | { readonly type: "status"; readonly data: { readonly status: QueueStatus; readonly sid?: string } };

interface Prompt {
  readonly prompt_id: string;
}

interface QueueStatus {
  readonly exec_info: { readonly queue_remaining: number };
}

import { errorMessage } from "../../shared/errors.js";
import type { SavedFile } from "./comfy-messages.js";
import type { GenerateRequest, S3Target, Webhook } from "./generate-request.js";
import type { OutputFile, OutputFiles } from "./output-files.js";

/** A file of an answer of the wrapper. */
export interface OutputEntry extends SavedFile {
  /** Path on the instance. */
  readonly local_path: string;
  readonly node_id: string;
  /** The node's name for it: `images`, `audio`. */
  readonly output_type: string;
  /** Address of the upload. */
  readonly url?: string;
  /** Reason of a failed upload. */
  readonly upload_error?: string;
  /** Its bytes in base64, if requested, and their type. */
  readonly data?: string;
  readonly mimetype?: string;
  /** Reason why its bytes are missing. */
  readonly error?: string;
}

/** Progress or result of a request, as the wrapper reports it. */
export interface GenerateResult {
  readonly id: string;
  readonly status: "pending" | "processing" | "generating" | "generated" | "completed" | "failed";
  readonly message: string;
  /** ComfyUI's history of it, if requested. */
  readonly comfyui_response: Readonly<Record<string, unknown>>;
  readonly output: readonly OutputEntry[];
  readonly timings: Readonly<Record<string, number>>;
}

/** Largest file that the wrapper puts into its answer, in bytes. */
const MAX_INLINE_BYTES = 10 * 1024 * 1024;

/** Uploads the saved files and adds their bytes, as requested. */
export async function deliverOutputs(
  entries: readonly OutputEntry[],
  { id, s3, wantsBase64 }: GenerateRequest,
  files: OutputFiles,
  signal: AbortSignal,
): Promise<readonly OutputEntry[]> {
  return Promise.all(
    entries.map(async (entry) => {
      const file = files.find(entry);
      if (!file) return entry;
      return {
        ...entry,
        ...(s3 && (await upload(s3, `${id}/${entry.filename}`, file, signal))),
        ...(wantsBase64 && inline(file)),
      };
    }),
  );
}

function inline({ bytes, mimetype }: OutputFile): Partial<OutputEntry> {
  if (bytes.length <= MAX_INLINE_BYTES) return { data: bytes.toString("base64"), mimetype };
  return { error: `File too large for base64: ${bytes.length} bytes (max ${MAX_INLINE_BYTES})` };
}

/** A plain PUT without a signature: enough for a local store that requires none. */
async function upload(
  { endpoint_url, bucket_name }: S3Target,
  path: string,
  { bytes, mimetype }: OutputFile,
  signal: AbortSignal,
): Promise<Partial<OutputEntry>> {
  const url = `${endpoint_url.replace(/\/$/, "")}/${bucket_name}/${path}`;
  try {
    const headers = { "content-type": mimetype };
    const response = await fetch(url, { method: "PUT", headers, body: new Uint8Array(bytes), signal });
    if (response.ok) return { url };
    return { upload_error: `${url} answered ${response.status} to the simulator's unsigned PUT` };
  } catch (error) {
    return { upload_error: `${url}: ${errorMessage(error)}` };
  }
}

/** Calls the webhook once. @returns the reason of a failure. */
export async function callWebhook(
  { url, extra_params }: Webhook,
  { comfyui_response: _, ...summary }: GenerateResult,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const body = JSON.stringify({ ...summary, extra: extra_params });
    const headers = { "content-type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body, signal });
    return response.ok ? undefined : `status ${response.status}`;
  } catch (error) {
    return errorMessage(error);
  }
}

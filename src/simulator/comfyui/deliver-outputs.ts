import { errorMessage } from "../../shared/errors.js";
import type { GenerateRequest, S3Target, Webhook } from "./generate-request.js";
import type { GenerateResult, OutputEntry } from "./generate-result.js";
import type { OutputFile, OutputFiles } from "./output-files.js";

/** Largest file that the wrapper puts into its answer, in bytes. */
const MOST_INLINE_BYTES = 10 * 1024 * 1024;

/** Uploads what was saved, and adds its bytes, where a request asks for it. */
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
  if (bytes.length <= MOST_INLINE_BYTES) return { data: bytes.toString("base64"), mimetype };
  return { error: `File too large for base64: ${bytes.length} bytes (max ${MOST_INLINE_BYTES})` };
}

/** A plain PUT without a signature: enough for a store on this machine that asks for none. */
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

/** Tells of the end, once. @returns why that failed; undefined: it did not. */
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

import type { z } from "zod";
import { isHttpUrl } from "../../shared/url.js";
import { faultOfCredentials } from "./model-headers.js";

/** Finds fault with a URL whose user and password cannot be sent. */
export function checkCredentials(text: string | undefined, context: z.core.$RefinementCtx): void {
  const message = text !== undefined && isHttpUrl(text) ? faultOfCredentials(text) : undefined;
  if (message !== undefined) context.addIssue({ code: "custom", message });
}

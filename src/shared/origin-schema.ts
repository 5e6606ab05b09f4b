import { z } from "zod";
import { isHttpUrl } from "./is-http-url.js";

/** An origin whose pages may call, or `*` for any. */
export const originSchema = z
  .string()
  .refine(
    (text) => text === "*" || (isHttpUrl(text) && new URL(text).origin === text),
    'expected an origin such as "https://app.example.com", without a path, or "*"',
  );

import type { MultipartBody } from "../../../src/worker/model/multipart-encoding.js";

/** A multipart body as the platform's own parser reads it. */
export const formOf = ({ body, contentType }: MultipartBody): Promise<FormData> =>
  new Response(body, { headers: { "content-type": contentType } }).formData();

/** What is under a name: text, or `[name, type, content]` of files, in order. */
export const valuesOf = (form: FormData, name: string): Promise<unknown[]> =>
  Promise.all(
    form
      .getAll(name)
      .map(async (value) =>
        value instanceof File
          ? [value.name, value.type, Buffer.from(await value.arrayBuffer()).toString("latin1")]
          : value,
      ),
  );

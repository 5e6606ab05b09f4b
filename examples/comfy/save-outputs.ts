import { writeFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { Output } from "./generate.js";

/** Writes the files into the working directory and says where, or where they were uploaded to. */
export async function saveOutputs(outputs: readonly Output[]): Promise<void> {
  for (const { filename, data, url, error } of outputs) {
    if (data !== undefined) {
      const path = resolve(basename(filename));
      const bytes = Buffer.from(data, "base64");
      await writeFile(path, bytes);
      console.log(`saved ${path}  ${Math.ceil(bytes.length / 1024)} KiB`);
    } else if (url !== undefined) console.log(`uploaded to ${url}`);
    else throw new Error(`${filename} stayed on the instance: ${error ?? "nobody says why"}`);
  }
}

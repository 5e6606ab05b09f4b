import { useRef } from "preact/hooks";
import { serializeRecording } from "../recorder/recording.js";
import { exportRecording } from "./export-recording.js";
import { useInspector } from "./inspector.js";

/** Export of the page's records into a file, and import of a recording. */
export function RecordingButtons() {
  const inspector = useInspector();
  const input = useRef<HTMLInputElement>(null);
  const save = (): void => {
    const text = serializeRecording(exportRecording(inspector.store));
    const url = URL.createObjectURL(new Blob([text], { type: "application/x-ndjson" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `tsworker-${new Date(inspector.store.at.peek()).toISOString().replaceAll(":", "-")}.ndjson`;
    link.click();
    URL.revokeObjectURL(url);
  };
  const load = async (): Promise<void> => {
    const file = input.current?.files?.[0];
    if (file === undefined || input.current === null) return;
    const text = await file.text();
    // So that the same file can be chosen again.
    input.current.value = "";
    inspector.openRecording(file.name, text);
  };
  return (
    <>
      <button type="button" onClick={save} disabled={inspector.store.hello.value === undefined}>
        Export
      </button>
      <button type="button" onClick={() => input.current?.click()}>
        Import
      </button>
      <input ref={input} type="file" hidden onChange={load} aria-label="Recording to open" />
    </>
  );
}

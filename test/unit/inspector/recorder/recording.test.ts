import { describe, expect, test } from "vitest";
import {
  frameLine,
  parseRecording,
  RecordingError,
  serializeRecording,
} from "../../../../src/inspector/recorder/recording.js";
import { eventRecord, hello, tick } from "../../support/frames.js";

const FRAMES = [hello(), tick({ records: [eventRecord(1)] }), tick({ records: [eventRecord(2)] })];

/** The error about a text that is no recording. */
function fault(text: string): string {
  try {
    parseRecording(text);
  } catch (error) {
    if (error instanceof RecordingError) return error.message;
    throw error;
  }
  throw new Error("expected a RecordingError");
}

test("what was written is read again", () => {
  const [first, ...rest] = FRAMES;
  const recording = parseRecording(serializeRecording(FRAMES));
  expect(recording).toEqual({ hello: first, ticks: rest, isCutOff: false });
});

test("a frame is one line, whatever text is in it", () => {
  const line = frameLine(tick({ records: [eventRecord(1, { payload: "two\nlines\r\nand more" })] }));
  expect(line.indexOf("\n")).toBe(line.length - 1);
});

test("a recording may end with its last frame, without an end of line", () => {
  expect(parseRecording(serializeRecording(FRAMES).trimEnd())).toMatchObject({ isCutOff: false });
});

test.each([1, 20, 60])(
  "a last line that lacks its last %i characters is left out and reported",
  (missing) => {
    const recording = parseRecording(serializeRecording(FRAMES).trimEnd().slice(0, -missing));
    expect(recording.ticks).toHaveLength(1);
    expect(recording.isCutOff).toBe(true);
  },
);

describe("the message names the line", () => {
  test("of a file without anything", () => {
    expect(fault("")).toBe("line 1: expected a recording's first frame, got nothing");
    expect(fault("\n \n")).toMatch(/^line 1: /);
  });

  test("of a file that is something else", () => {
    expect(fault("<!doctype html>\n<html>")).toBe('line 1: expected a frame as JSON, got "<!doctype html>"');
    expect(fault("{}")).toBe("line 1: expected a hello frame of format 1; wrong at type");
    expect(fault("null")).toBe("line 1: expected a hello frame of format 1");
  });

  test("of a file that begins with a tick", () => {
    expect(fault(frameLine(tick()))).toMatch(/^line 1: expected a hello frame/);
  });

  test("of a recording in another format", () => {
    expect(fault(frameLine({ ...hello(), format: 2 as 1 }))).toBe(
      "line 1: expected a hello frame of format 1; wrong at format",
    );
  });

  test("that is broken before the last one", () => {
    const lines = FRAMES.map(frameLine);
    expect(fault([lines[0], '{"type":"ti\n', lines[2]].join(""))).toBe(
      'line 2: expected a frame as JSON, got "{\\"type\\":\\"ti"',
    );
  });

  test("of a second hello", () => {
    expect(fault(serializeRecording([hello(), hello()]))).toBe(
      "line 2: expected a tick frame of format 1; wrong at type",
    );
  });

  test("of a record that lacks something, with its place", () => {
    const record = { ...eventRecord(1), edges: undefined as unknown as [] };
    expect(fault(serializeRecording([hello(), tick({ records: [record] })]))).toBe(
      "line 2: expected a tick frame of format 1; wrong at records.0.edges",
    );
  });
});

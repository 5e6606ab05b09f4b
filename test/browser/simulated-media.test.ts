import { createServer } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { close, httpUrl, listen } from "../../src/shared/listen.js";
import { video } from "../../src/simulator/media/h264.js";
import { flacTone } from "../../src/simulator/media/sound.js";
import { describeInBrowser } from "../support/describe-in-browser.js";
import { launchBrowser } from "../support/launch-browser.js";

describeInBrowser("what the simulated ComfyUI makes", () => {
  const files = new Map<string, readonly [type: string, bytes: Buffer | string]>();
  const server = createServer((request, response) => {
    const [type, bytes] = files.get(request.url ?? "") ?? [
      "text/html",
      "<!doctype html><title>media</title>",
    ];
    response.setHeader("content-type", type).end(bytes);
  });
  let url = "";
  let browser: Awaited<ReturnType<typeof launchBrowser>> | undefined;

  beforeAll(async () => {
    const film = video({ seed: 3, width: 200, height: 120, frames: 33, framesPerSecond: 16 });
    files.set("/film.mp4", ["video/mp4", film]);
    files.set("/tune.flac", ["audio/flac", flacTone(1.5, 220)]);
    url = httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await close(server);
  });

  test("plays: a video of the requested size and length, in which something moves", async () => {
    const page = await browser?.newPage();
    await page?.goto(url);
    const seen = await page?.evaluate(async () => {
      const film = document.createElement("video");
      // A film in memory can be wound to any moment.
      film.src = URL.createObjectURL(await (await fetch("/film.mp4")).blob());
      await new Promise((resolve, reject) => {
        film.oncanplaythrough = resolve;
        film.onerror = () => reject(new Error(film.error?.message));
      });
      /** The pixels of a moment. */
      const shotAt = async (seconds: number): Promise<Uint8ClampedArray> => {
        film.currentTime = seconds;
        await new Promise((resolve) => {
          film.onseeked = resolve;
        });
        const canvas = new OffscreenCanvas(film.videoWidth, film.videoHeight);
        const context = canvas.getContext("2d");
        context?.drawImage(film, 0, 0);
        return context?.getImageData(0, 0, canvas.width, canvas.height).data ?? new Uint8ClampedArray();
      };
      const first = await shotAt(0);
      const changeUntil = async (seconds: number): Promise<number> => {
        const shot = await shotAt(seconds);
        return first.filter((value, at) => Math.abs(value - (shot[at] ?? 0)) > 16).length / first.length;
      };
      // A browser that is busy may report that it has moved before it has decoded the picture.
      let changed = await changeUntil(2);
      for (let tries = 0; tries < 100 && changed === 0; tries += 1)
        changed = await changeUntil(2 - tries / 1000);
      const { videoWidth, videoHeight, duration } = film;
      return { videoWidth, videoHeight, duration, changed };
    });
    expect(seen).toMatchObject({ videoWidth: 200, videoHeight: 120, duration: 33 / 16 });
    // The square, and nothing else.
    expect(seen?.changed).toBeGreaterThan(0.001);
    expect(seen?.changed).toBeLessThan(0.1);
  });

  test("sounds: as long as requested, on both sides, and not silent", async () => {
    const page = await browser?.newPage();
    await page?.goto(url);
    const received = await page?.evaluate(async () => {
      const bytes = await (await fetch("/tune.flac")).arrayBuffer();
      const sound = await new OfflineAudioContext(2, 1, 44_100).decodeAudioData(bytes);
      const sides = [0, 1].map((side) => Math.max(...sound.getChannelData(side).map(Math.abs)));
      return { seconds: sound.duration, sides };
    });
    expect(received).toEqual({ seconds: 1.5, sides: [expect.any(Number), expect.any(Number)] });
    for (const loudest of received?.sides ?? []) expect(loudest).toBeGreaterThan(0.05);
  });
});

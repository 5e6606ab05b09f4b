import { describe, expect, test } from "vitest";
import { FairBand, type FairPlace } from "../../machines/fair-band.js";

let order = 0;

function place(flow: string, workload: number): FairPlace {
  order++;
  const links = { backlog: undefined, before: undefined, behind: undefined };
  return { id: `${flow}-${order}`, workload, at: 0, flow, priority: 0, order, ...links };
}

describe("a band of flows", () => {
  test("forgets flows that come for one request while another one always waits", () => {
    const band = new FairBand();
    let most = 0;
    for (let visitor = 0; visitor < 5_000; visitor++) {
      for (let count = 0; count < 2; count++) band.add(place("greedy", 1 + (visitor % 7)), 1);
      band.add(place(`visitor ${visitor}`, 10), 1);
      band.take();
      band.take();
      most = Math.max(most, band.flows);
    }
    while (band.waiting > 5_000) band.take();
    expect(most).toBeLessThan(40);
  });

  test("forgets flows whose tickets left before their turns", () => {
    const band = new FairBand();
    band.add(place("greedy", 100), 1);
    for (let visitor = 0; visitor < 5_000; visitor++) {
      const gone = place(`visitor ${visitor}`, 10);
      band.add(gone, 1);
      band.add(place("greedy", 100), 1);
      band.take();
      band.remove(gone);
      expect(band.flows).toBeLessThan(25);
    }
  });

  test("remembers nothing once nothing waits", () => {
    const band = new FairBand();
    for (const flow of ["a", "b", "c"]) for (let count = 0; count < 3; count++) band.add(place(flow, 0.1), 3);
    while (band.waiting > 0) band.take();
    expect([band.flows, band.workload]).toEqual([0, 0]);
  });

  test("shares exactly for as long as it runs, with weights and workloads of any size", () => {
    const band = new FairBand();
    const granted = new Map<string, number>();
    // 10^6 units for a weight of 10^-3 are 10^9 units of virtual time, so it is renumbered every few turns.
    for (let turn = 0; turn < 20_000; turn++) {
      while (band.waiting < 30) {
        band.add(place("small", 1e6), 0.001);
        band.add(place("large", 1e6), 0.003);
        band.add(place("large", 1e6), 0.003);
        band.add(place("large", 1e6), 0.003);
      }
      const { flow, workload } = band.take() ?? place("none", 0);
      granted.set(flow, (granted.get(flow) ?? 0) + workload);
    }
    expect(granted).toEqual(
      new Map([
        ["small", 5e9],
        ["large", 15e9],
      ]),
    );
  });
});

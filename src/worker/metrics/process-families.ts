import { type EventLoopUtilization, performance } from "node:perf_hooks";
import { type Family, type Sample, single } from "./family.js";
import type { LoopDelay, LoopDelays } from "./loop-delay.js";

/** State of the process at this moment. */
export interface ProcessReading {
  /** Bytes. */
  readonly memory: NodeJS.MemoryUsage;
  /** Microseconds. */
  readonly cpu: NodeJS.CpuUsage;
  /** Milliseconds. */
  readonly loop: EventLoopUtilization;
  readonly delays: LoopDelays | undefined;
}

/** Reads the process. */
export function readProcess(delay: LoopDelay): ProcessReading {
  return {
    memory: process.memoryUsage(),
    cpu: process.cpuUsage(),
    loop: performance.eventLoopUtilization(),
    delays: delay.take(),
  };
}

const singleOf = (value: number | undefined): readonly Sample[] => (value === undefined ? [] : single(value));

/**
 * The metrics of the process, under the names that dashboards for Node.js use.
 *
 * They are the library's default metrics without those that cost something between scrapes, or cannot be stopped
 * (garbage collections; the event loop's delay every 10 ms), and without those whose reading takes longer the more
 * connections there are (handles, resources, file descriptors).
 */
export const processFamilies: readonly Family<ProcessReading>[] = [
  {
    name: "process_start_time_seconds",
    type: "gauge",
    help: "Start of the process in seconds since the epoch.",
    read: () => single(performance.timeOrigin / 1000),
  },
  {
    name: "process_cpu_user_seconds_total",
    type: "counter",
    help: "CPU time in seconds that the process spent in user mode.",
    read: ({ cpu }) => single(cpu.user / 1e6),
  },
  {
    name: "process_cpu_system_seconds_total",
    type: "counter",
    help: "CPU time in seconds that the process spent in system mode.",
    read: ({ cpu }) => single(cpu.system / 1e6),
  },
  {
    name: "process_cpu_seconds_total",
    type: "counter",
    help: "CPU time in seconds that the process spent in user and system mode.",
    read: ({ cpu }) => single((cpu.user + cpu.system) / 1e6),
  },
  {
    name: "process_resident_memory_bytes",
    type: "gauge",
    help: "Resident memory of the process in bytes.",
    read: ({ memory }) => single(memory.rss),
  },
  {
    name: "nodejs_heap_size_total_bytes",
    type: "gauge",
    help: "Size of the JavaScript heap in bytes.",
    read: ({ memory }) => single(memory.heapTotal),
  },
  {
    name: "nodejs_heap_size_used_bytes",
    type: "gauge",
    help: "Used part of the JavaScript heap in bytes.",
    read: ({ memory }) => single(memory.heapUsed),
  },
  {
    name: "nodejs_external_memory_bytes",
    type: "gauge",
    help: "Memory in bytes that JavaScript objects hold outside the heap, buffers included.",
    read: ({ memory }) => single(memory.external),
  },
  {
    name: "nodejs_eventloop_time_seconds_total",
    type: "counter",
    help: "Time in seconds that the event loop was active, and idle; active near 1 per second means that one core is used up.",
    read: ({ loop }) => [
      { value: loop.active / 1000, labels: { state: "active" } },
      { value: loop.idle / 1000, labels: { state: "idle" } },
    ],
  },
  {
    name: "nodejs_eventloop_lag_mean_seconds",
    type: "gauge",
    help: "Mean delay of the event loop in seconds since the last scrape; absent in the first.",
    read: ({ delays }) => singleOf(delays?.mean),
  },
  {
    name: "nodejs_eventloop_lag_p99_seconds",
    type: "gauge",
    help: "99th percentile of the event loop's delay in seconds since the last scrape; absent in the first.",
    read: ({ delays }) => singleOf(delays?.p99),
  },
  {
    name: "nodejs_eventloop_lag_max_seconds",
    type: "gauge",
    help: "Longest delay of the event loop in seconds since the last scrape; absent in the first.",
    read: ({ delays }) => singleOf(delays?.max),
  },
  {
    name: "nodejs_version_info",
    type: "gauge",
    help: "Version of Node.js, as a label; always 1.",
    read: () => [{ value: 1, labels: { version: process.version } }],
  },
];

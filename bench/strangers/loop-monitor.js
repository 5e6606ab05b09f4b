// Preloaded into a worker: measures for how long its event loop was blocked, and answers over the IPC channel.
// A tick that comes late counts, but at most with the CPU time that the process has used since the tick before: on a
// shared machine a process may have to wait without blocking anything.
const TICK_MS = 2;
let last = performance.now();
let used = process.cpuUsage();
let longest = 0;

function tick() {
  const now = performance.now();
  const late = now - last - TICK_MS;
  last = now;
  const { user, system } = process.cpuUsage(used);
  used = process.cpuUsage();
  longest = Math.max(longest, Math.min(late, (user + system) / 1000));
}
setInterval(tick, TICK_MS).unref();

// Every message requests the longest block since the one before, in ms. A block may have ended just now, before the timer.
process.on("message", () => {
  tick();
  process.send?.(longest);
  longest = 0;
});
process.channel?.unref();

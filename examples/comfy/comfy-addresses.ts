/** Port of ComfyUI itself on an instance. */
const COMFYUI_PORT = 18188;

/**
 * Where ComfyUI itself may be, in the order in which it is asked: where the user says, or else behind the port of the
 * wrapper, where one server is both, and at its usual port.
 */
export function comfyAddresses(wrapperPort: number, named: string | undefined): readonly string[] {
  if (named) return [named.replace(/\/$/, "")];
  return [wrapperPort, COMFYUI_PORT].map((port) => `http://127.0.0.1:${port}`);
}

/** How the log of an instance tells of a download, whatever the model server: a line of JSON. */
export function downloadLine(message: string): string {
  return JSON.stringify({ timestamp: new Date().toISOString(), level: "INFO", message });
}

/** Address of the feed: beneath the page's own. */
export function socketAddress(page: string, token: string | undefined): string {
  const url = new URL(page);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/socket`;
  url.search = token === undefined ? "" : `?token=${encodeURIComponent(token)}`;
  url.hash = "";
  return url.href;
}

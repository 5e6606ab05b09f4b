const TOKEN = "tsworker.inspector.token";

/**
 * The token of the page's address, `?token=`. It is taken out of the visible address, so that it does not end up in
 * screenshots and bookmarks, and kept for as long as the tab lives.
 */
export function takeToken(): string | undefined {
  const url = new URL(location.href);
  const given = url.searchParams.get("token");
  if (given === null) return sessionStorage.getItem(TOKEN) ?? undefined;
  sessionStorage.setItem(TOKEN, given);
  url.searchParams.delete("token");
  history.replaceState(history.state, "", url);
  return given;
}

/** Whether it is the URL of something that speaks HTTP. */
export const isHttpUrl = (url: unknown): boolean =>
  typeof url === "string" && /^https?:\/\/./i.test(url) && URL.canParse(url);

// uWebSockets.js reads its limits when it is loaded, so this module is imported before it. Its own default of
// 4 KiB refuses requests with a few cookies; 16 KiB is what Node.js itself takes.
process.env.UWS_HTTP_MAX_HEADERS_SIZE ??= String(16 * 1024);

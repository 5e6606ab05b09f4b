/** The end-to-end tests run on both servers: `TEST_HTTP_SERVER=node` has the workers stand on `node:http`. */
export const servedByNode = process.env.TEST_HTTP_SERVER === "node";

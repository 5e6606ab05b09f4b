const TYPES: Readonly<Record<number, string>> = {
  400: "BadRequestError",
  404: "NotFoundError",
  503: "ServiceUnavailableError",
};

/** An error as the servers written in Python have it. */
export function pythonRefusal(status: number, message: string) {
  const type = TYPES[status] ?? (status < 500 ? "BadRequestError" : "InternalServerError");
  return { message, type, param: null, code: status };
}

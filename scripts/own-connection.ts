/** A connection for each request: a busy gateway would close a kept one in the moment in which it is used again. */
export const ownConnection: RequestInit = { headers: { connection: "close" } };

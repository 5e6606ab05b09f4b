import type { BodyWriter, RequestSink, Responder, ResponseHead, WriterSink } from "./http-server.js";

/** A responder that changes the head of each answer, such as to add headers. */
export class MappedHeads implements Responder {
  readonly #responder: Responder;
  readonly #map: (head: ResponseHead) => ResponseHead;

  constructor(responder: Responder, map: (head: ResponseHead) => ResponseHead) {
    this.#responder = responder;
    this.#map = map;
  }

  receive(limit: number, sink: RequestSink): void {
    this.#responder.receive(limit, sink);
  }

  pause(): void {
    this.#responder.pause();
  }

  resume(): void {
    this.#responder.resume();
  }

  answer(head: ResponseHead, body?: Buffer | string, close?: boolean): void {
    this.#responder.answer(this.#map(head), body, close);
  }

  refuse(head: ResponseHead, body: string): void {
    this.#responder.refuse(this.#map(head), body);
  }

  begin(head: ResponseHead, length: number | undefined, sink: WriterSink): BodyWriter {
    return this.#responder.begin(this.#map(head), length, sink);
  }

  close(): void {
    this.#responder.close();
  }
}

/** A WebSocket peer that says whatever a test wants, for what honest clients never do. */

import { decodeFrame, encodeFrame, tensorOf } from 'fedtempo/shared/protocol/codec.js';
import { type ServerMessage, serverMessage } from 'fedtempo/shared/protocol/messages.js';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { z } from 'zod';

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

export class Peer {
  readonly socket: WebSocket;
  readonly closed: Promise<Closed>;
  readonly #frames: { readonly message: z.output<typeof serverMessage>; readonly tensor: Float32Array }[] = [];
  #wake: () => void = () => {};

  private constructor(url: string, token: string) {
    this.socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` }, perMessageDeflate: false });
    this.socket.on('error', () => {});
    this.socket.on('message', (data) => {
      const { message, tensor } = decodeFrame(data as Buffer, serverMessage);
      this.#frames.push({ message, tensor: tensorOf(tensor) });
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    onTestFinished(() => this.socket.terminate());
  }

  static async connect(url: string, token: string): Promise<Peer> {
    const peer = new Peer(url, token);
    await new Promise<void>((resolve, reject) => {
      peer.socket.once('open', () => resolve());
      peer.socket.once('error', reject);
    });
    return peer;
  }

  say(message: object, ...tensor: Float32Array[]): void {
    this.socket.send(encodeFrame(message, ...tensor));
  }

  /** The next message of a type; others before it are passed over. */
  async hears<T extends ServerMessage['type']>(type: T): Promise<Extract<ServerMessage, { type: T }>> {
    return (await this.hearsFrame(type)).message;
  }

  /** The same with its tensor. */
  async hearsFrame<T extends ServerMessage['type']>(type: T) {
    while (true) {
      const frame = this.#frames.shift();
      if (frame?.message.type === type) return frame as { message: Extract<ServerMessage, { type: T }> } & typeof frame;
      if (frame !== undefined) continue;
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        void this.closed.then(({ code, reason }) => reject(new Error(`closed before ${type}: ${code} ${reason}`)));
      });
    }
  }

  /** Greets as an honest client would and says that the data is loaded. */
  async joins(slot: number): Promise<Extract<ServerMessage, { type: 'assign' }>> {
    this.say({ type: 'hello', protocol: 2, software: 'test', slot });
    const assignment = await this.hears('assign');
    this.say({
      type: 'ready',
      datasetDigest: assignment.datasetDigest,
      clients: 12,
      examples: 1500,
      features: 64,
      classes: 10,
    });
    return assignment;
  }
}

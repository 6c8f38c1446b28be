/** The event loop's handle on the thread that receives updates: requests with promises, and what broke it. */
import { Worker } from 'node:worker_threads';
import { FedtempoError } from '../../shared/errors.js';
import type { Tally } from '../../shared/federation/aggregator.js';
import type { Spent } from '../../shared/times/spans.js';
import type { CountedUpdate, Failure } from '../../shared/training/reply.js';
import { storageFailed } from '../store/storage-failed.js';
import type { DeskRound, Submission, Verdict } from './desk.js';
import type { FoundRound, FromIntake, Offered, ToIntake } from './intake-messages.js';
import type { IntakeData } from './intake-thread.js';
import type { Closing } from './journal.js';

type Request = Exclude<ToIntake, { type: 'drop' }>;
type Unnumbered<R> = R extends Request ? Omit<R, 'id'> : never;
type Answered = Extract<FromIntake, { id: number }>;

export class Intake {
  readonly #worker: Worker;
  readonly #data: IntakeData;
  readonly #open = new Map<number, { resolve: (answer: Answered) => void; reject: (error: Error) => void }>();
  readonly #found: Promise<readonly FoundRound[]>;
  #next = 0;
  #stopping = false;
  /** What ended it; nothing is acknowledged any more. */
  broken: Error | undefined;
  readonly #breaking = new AbortController();

  private constructor(data: IntakeData) {
    this.#data = data;
    this.#worker = new Worker(new URL('./intake-thread.js', import.meta.url), { workerData: data });
    this.#found = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: FromIntake) => {
        if (message.type === 'found') return resolve(message.rounds);
        if (message.type === 'broken') return this.#break(this.#errorOf(message), reject);
        this.#open.get(message.id)?.resolve(message);
        this.#open.delete(message.id);
      });
      this.#worker.on('error', (error) => this.#break(error, reject));
      this.#worker.on('exit', (code) => {
        if (!this.#stopping) this.#break(new Error(`the thread that receives updates ended with ${code}`), reject);
      });
    });
    this.#found.catch(() => {});
  }

  /** Aborts when it breaks. */
  get breaking(): AbortSignal {
    return this.#breaking.signal;
  }

  /** Starts the thread and reads what a coordinator that died has left. @throws FedtempoError JOURNAL_INVALID, STORAGE_FAILED */
  static async start(data: IntakeData): Promise<{ intake: Intake; found: readonly FoundRound[] }> {
    const intake = new Intake(data);
    try {
      return { intake, found: await intake.#found };
    } catch (error) {
      await intake.stop();
      throw error;
    }
  }

  /** Begins a round, or goes on with one that was found. @returns the replies that were acknowledged before */
  async open(round: DeskRound): Promise<readonly (CountedUpdate | Failure)[]> {
    const answer = await this.#request({ type: 'open', round });
    return answer.type === 'opened' ? answer.replies : [];
  }

  /** Judges an update. @param submission its frame is handed over: the caller must not use it again */
  async submit(submission: Submission): Promise<Verdict> {
    const { frame } = submission;
    const answer = await this.#request({ type: 'submit', ...submission }, [frame.buffer as ArrayBuffer]);
    if (answer.type !== 'judged') throw new Error(`an answer of type ${answer.type} to a submission`);
    return answer.verdict;
  }

  /** What an offer is answered at once; undefined if the update is wanted. */
  async weigh(offered: Offered): Promise<Pick<Verdict, 'answer' | 'reason'> | undefined> {
    const answer = await this.#request({ type: 'weigh', offered });
    return answer.type === 'weighed' ? answer.standing : undefined;
  }

  /** Takes no more updates of the round; those submitted before are judged first. */
  async close(closing: Closing): Promise<{ tally: Tally; spent: Spent }> {
    const answer = await this.#request({ type: 'close', closing });
    if (answer.type !== 'closed') throw new Error(`an answer of type ${answer.type} to a closing`);
    return answer;
  }

  /** Leaves the round open on disk. */
  async leave(): Promise<void> {
    if (this.broken === undefined) await this.#request({ type: 'leave' });
  }

  /** Forgets the journals before a round, and before an attempt at it. */
  drop(round: number, attempt = 0): void {
    this.#post({ type: 'drop', round, attempt });
  }

  /** What broke it was found elsewhere: nothing is acknowledged any more. */
  fail(error: Error): void {
    this.#break(error, () => {});
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#worker.terminate();
  }

  #request(request: Unnumbered<Request>, transfer: ArrayBuffer[] = []): Promise<Answered> {
    if (this.broken !== undefined) return Promise.reject(this.broken);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      this.#post({ ...request, id } as Request, transfer);
    });
  }

  #post(message: ToIntake, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #errorOf({ code, message }: Extract<FromIntake, { type: 'broken' }>): Error {
    if (code === 'JOURNAL_INVALID') return new FedtempoError(code, message);
    return storageFailed(Object.assign(new Error(message), { code }), this.#data.folder);
  }

  #break(error: Error, reject: (error: Error) => void): void {
    if (this.broken !== undefined) return;
    this.broken = error;
    reject(error);
    for (const { reject: refuse } of this.#open.values()) refuse(error);
    this.#open.clear();
    this.#breaking.abort();
  }
}

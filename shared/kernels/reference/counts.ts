/** What evaluation counts besides the loss: examples and hits of each class, and the confusion matrix. */
import { MAX_CONFUSION_CLASSES } from '../kernels.js';

export class Counts {
  readonly classExamples: Uint32Array;
  readonly classCorrect: Uint32Array;
  /** [k × k], row = label, column = prediction; empty for too many classes. */
  readonly confusion: Uint32Array;

  constructor(classCount: number) {
    this.classExamples = new Uint32Array(classCount);
    this.classCorrect = new Uint32Array(classCount);
    this.confusion = new Uint32Array(classCount > MAX_CONFUSION_CLASSES ? 0 : classCount ** 2);
  }

  add(label: number, predicted: number): void {
    this.classExamples[label] += 1;
    if (predicted === label) this.classCorrect[label] += 1;
    if (this.confusion.length > 0) this.confusion[label * this.classExamples.length + predicted] += 1;
  }
}

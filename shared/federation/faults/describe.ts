/** Fault rules in words, for `fedtempo validate`. */
import { defaultFactors, type FaultRule } from './rules.js';

export function describeFault(rule: FaultRule): string {
  const { clients, rounds, probability } = rule;
  const who =
    clients === undefined
      ? 'every client'
      : Array.isArray(clients)
        ? `${clients.length === 1 ? 'client' : 'clients'} ${clients.join(', ')}`
        : 'device' in clients
          ? `clients with device ${clients.device}`
          : `a client with probability ${clients.fraction}, for good`;
  const when =
    rounds === undefined
      ? 'every round'
      : Array.isArray(rounds)
        ? `${rounds.length === 1 ? 'round' : 'rounds'} ${rounds.join(', ')}`
        : `rounds ${rounds.from} to ${rounds.to ?? 'the last'}`;
  const chance = probability === 1 ? '' : `, with probability ${probability}`;
  return `${nameOf(rule)}: ${who}, ${when}${chance}`;
}

function nameOf(rule: FaultRule): string {
  switch (rule.kind) {
    case 'byzantine': {
      const { attack, factor = defaultFactors[attack] } = rule;
      return attack === 'zero' ? 'byzantine zero' : `byzantine ${attack} by ${factor}`;
    }
    case 'corrupt':
      return `corrupt ${rule.how}`;
    case 'delay':
      return `delay of ${rule.seconds} s`;
    default:
      return rule.kind;
  }
}

const Sequencer = require('@jest/test-sequencer').default;

// On a fresh clone nobody knows how long a suite takes, and jest goes by the size of its file. What begins last then keeps the others waiting.
const LONGEST = [
  'e2e/scenarios', 'seed/crash', 'e2e/kubelet', 'home-manager/install-container', 'e2e/bundled-database', 'package/examples', 'languages/languages',
  'home-manager/ai-assistants', 'seed/concurrency', 'seed/failures', 'programs/bring-programs', 'binary-cache/binary-cache', 'seed/rivals', 'seed/restart',
];

module.exports = class extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const index = LONGEST.findIndex(name => path.endsWith(`/test/${name}.test.ts`));
      return index < 0 ? LONGEST.length : index;
    };
    return super.sort(tests).sort((one, other) => rank(one) - rank(other));
  }
};

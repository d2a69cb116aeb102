// What the Agent writes of a failure, as a sentence beside the mapping: without the service's address in front, which stands there already.

/** "http://10.0.4.12:3000: ", then once more "10.0.4.12:3000 " or "[::1]:3000 " before a verb. */
const ADDRESS = /^(?:https?|wss?):\/\/\S+: (?=.)/;
const PEER = /^(?:\[[0-9a-f:.]+\]|[\w.-]+):\d{1,5} (?=\S)/i;

export function failureWords(message: string): string {
  const words = message.replace(ADDRESS, "").replace(PEER, "");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

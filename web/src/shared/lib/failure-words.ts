// What the Agent writes of a failure, as a sentence beside the mapping: without the service's address in front, which stands there already.

export function failureWords(message: string): string {
  const words = message.replace(/^https?:\/\/\S+: (?=.)/, "");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

declare module 'jstat' {
  const library: {
    readonly jStat: { readonly studentt: { inv(probability: number, degreesOfFreedom: number): number } };
  };
  export default library;
}

import { describeWithDockerRegistry, startDockerRegistry } from './docker-registry.ts';
import { registrySuite } from './suite.ts';

describeWithDockerRegistry('the registry client', () => {
  registrySuite('on docker-registry 2.8', async () => {
    const { host, stop } = await startDockerRegistry();
    return { place: host, stop };
  });
});

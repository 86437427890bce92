import { expect, test } from '@playwright/test';

import { settingsToRestore } from '../../clusters/engine/host-before.ts';

const before = { forwardPolicy: 'ACCEPT', inotifyInstances: '128' };

test('Restores settings that still have the value that an engine sets', () => {
  expect(settingsToRestore(before, { forwardPolicy: 'DROP', inotifyInstances: '1024' })).toEqual(before);
});

test('Keeps settings that did not change, or that the user has changed since', () => {
  expect(settingsToRestore(before, before)).toEqual({});
  expect(settingsToRestore(before, { forwardPolicy: 'ACCEPT', inotifyInstances: '8192' })).toEqual({});
  expect(settingsToRestore({ ...before, forwardPolicy: 'DROP' }, { forwardPolicy: 'ACCEPT', inotifyInstances: '128' })).toEqual({});
  expect(settingsToRestore({ ...before, inotifyInstances: '' }, { forwardPolicy: 'DROP', inotifyInstances: '1024' })).toEqual({
    forwardPolicy: 'ACCEPT',
  });
});

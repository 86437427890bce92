import { expect, test } from '@playwright/test';

import { settingsToRestore } from '../../clusters/engine/host-before.ts';

const before = { forwardPolicy: 'ACCEPT', inotifyInstances: '128' };

test('what still is as an engine leaves it is put back as it was', () => {
  expect(settingsToRestore(before, { forwardPolicy: 'DROP', inotifyInstances: '1024' })).toEqual(before);
});

test('what is as it was, or what the user has changed since, stays', () => {
  expect(settingsToRestore(before, before)).toEqual({});
  expect(settingsToRestore(before, { forwardPolicy: 'ACCEPT', inotifyInstances: '8192' })).toEqual({});
  expect(settingsToRestore({ ...before, forwardPolicy: 'DROP' }, { forwardPolicy: 'ACCEPT', inotifyInstances: '128' })).toEqual({});
  expect(settingsToRestore({ ...before, inotifyInstances: '' }, { forwardPolicy: 'DROP', inotifyInstances: '1024' })).toEqual({
    forwardPolicy: 'ACCEPT',
  });
});

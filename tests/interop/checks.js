// What the scripts here check with. An Error tells what is wrong.

// Says what it has checked.
export function expect(what, got, wanted) {
    got = JSON.stringify(got);
    wanted = JSON.stringify(wanted);
    if (got !== wanted)
        throw new Error(`${what}: expected ${wanted}, got ${got}`);
    print(what);
}

// What a promise is rejected with.
export async function failureOf(promise) {
    try {
        await promise;
    } catch (error) {
        return error;
    }
    throw new Error('what should fail did not');
}

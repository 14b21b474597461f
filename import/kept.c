/* SPDX-License-Identifier: Apache-2.0 */
#include "import/kept.h"

#include "common/base/interrupt.h"
#include "common/cli/signals.h"
#include "common/store/target.h"

static bool change(ImportOptions *options, const TargetDriver *driver,
                   bool (*function)(Target *target, Error *error), Error *error)
{
    Target *target = NULL;
    TargetState state = {0};
    bool done = signals_start(driver->cancel, error) &&
                driver->open(&options->store, NULL, &target, &state, error) &&
                function(target, error);

    if (done) {
        signals_finish();
    } else if (interrupt_signal() != 0 && error->code != EXIT_CODE_CONNECTION) {
        error_detail(error, "Nothing has changed.");
    }
    driver->close(target);
    return done;
}

bool kept_undo(ImportOptions *options, Error *error)
{
    const TargetDriver *driver = target_find(options->target);

    return change(options, driver, driver->undo, error);
}

bool kept_forget(ImportOptions *options, Error *error)
{
    const TargetDriver *driver = target_find(options->target);

    return change(options, driver, driver->forget, error);
}

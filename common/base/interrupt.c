#include "common/base/interrupt.h"

#include <stdatomic.h>
#include <string.h>

static atomic_int requested;

void interrupt_request(int signal_number)
{
    int none = 0;

    atomic_compare_exchange_strong(&requested, &none, signal_number);
}

int interrupt_signal(void)
{
    return atomic_load(&requested);
}

bool interrupt_check(Error *error)
{
    int signal_number = interrupt_signal();

    return signal_number == 0 || error_set(error, EXIT_CODE_FAILED, "stopped by signal %d (%s)",
                                           signal_number, strsignal(signal_number));
}

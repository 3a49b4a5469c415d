/* Two GPUs as NVIDIA's library tells of them: the real binding loads this where there is no driver. */
struct utilization { unsigned int gpu, memory; };
struct memory { unsigned long long total, free, used; };

int nvmlInit_v2(void) { return 0; }
int nvmlInitWithFlags(unsigned int flags) { return 0; }
int nvmlShutdown(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned int *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **device) { *device = (void *)(index + 1UL); return 0; }
int nvmlDeviceGetMemoryInfo(void *device, struct memory *found)
{
    found->total = 1000;
    found->used = 250 * (unsigned long long)device;
    found->free = found->total - found->used;
    return 0;
}
int nvmlDeviceGetUtilizationRates(void *device, struct utilization *found)
{
    found->gpu = 40 * (unsigned int)(unsigned long long)device;
    found->memory = 10;
    return 0;
}
const char *nvmlErrorString(int code) { return "no"; }

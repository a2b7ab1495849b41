/* What processes and threads are, in terms of the kernel's task. */

inline int PR_MODEL_ILP32 = 1;
inline int PR_MODEL_LP64 = 2;

inline int PR_STOPPED = 0x00000001;
inline int PR_ISTOP = 0x00000002;
inline int PR_ASLEEP = 0x00000008;
inline int PR_ISSYS = 0x00001000;

inline char SSLEEP = 1;
inline char SRUN = 2;
inline char SZOMB = 3;
inline char SSTOP = 4;
inline char SIDL = 5;
inline char SONPROC = 6;
inline char SWAIT = 7;

inline int CLD_EXITED = 1;
inline int CLD_KILLED = 2;
inline int CLD_DUMPED = 3;
inline int CLD_TRAPPED = 4;
inline int CLD_STOPPED = 5;
inline int CLD_CONTINUED = 6;

typedef struct psinfo {
	int pr_nlwp;
	pid_t pr_pid;
	pid_t pr_ppid;
	pid_t pr_pgid;
	pid_t pr_sid;
	uid_t pr_uid;
	uid_t pr_euid;
	gid_t pr_gid;
	gid_t pr_egid;
	uintptr_t pr_addr;
	size_t pr_size;
	size_t pr_rssize;
	string pr_fname;
	string pr_psargs;
	int pr_wstat;
	int pr_argc;
	uintptr_t pr_argv;
	uintptr_t pr_envp;
	char pr_dmodel;
	taskid_t pr_taskid;
	projid_t pr_projid;
	int pr_nzomb;
	poolid_t pr_poolid;
	zoneid_t pr_zoneid;
	id_t pr_contract;
	int pr_flag;
} psinfo_t;

translator psinfo_t < struct task_struct *T > {
	pr_flag = T->flags & 0x200000 ? 0x1000 : 0;
	pr_nlwp = T->signal->nr_threads;
	pr_pid = T->tgid;
	pr_ppid = T->real_parent->tgid;
	pr_pgid = T->signal->pids[2]->numbers[0].nr;
	pr_sid = T->signal->pids[3]->numbers[0].nr;
	pr_uid = T->cred->uid.val;
	pr_euid = T->cred->euid.val;
	pr_gid = T->cred->gid.val;
	pr_egid = T->cred->egid.val;
	pr_addr = (uintptr_t)T;
	pr_fname = stringof(T->group_leader->comm);
	pr_psargs = T == curthread ? execargs : stringof(T->group_leader->comm);
	pr_wstat = T->exit_code;
	pr_argc = *(int *)copyin(T->mm->start_stack, 4);
	pr_argv = T->mm->start_stack + 8;
	pr_envp = T->mm->start_stack + 8 * (2 + *(int *)copyin(T->mm->start_stack, 4));
	pr_dmodel = 2;
	pr_taskid = 0;
	pr_projid = 0;
	pr_nzomb = 0;
	pr_poolid = 0;
	pr_zoneid = __zoneid(T);
};

typedef struct lwpsinfo {
	int pr_flag;
	id_t pr_lwpid;
	uintptr_t pr_addr;
	uintptr_t pr_wchan;
	char pr_stype;
	char pr_state;
	char pr_sname;
	char pr_nice;
	short pr_syscall;
	char pr_oldpri;
	char pr_cpu;
	int pr_pri;
	char pr_clname[8];
	char pr_name[16];
	processorid_t pr_onpro;
	processorid_t pr_bindpro;
	psetid_t pr_bindpset;
	int pr_lgrp;
} lwpsinfo_t;

translator lwpsinfo_t < struct task_struct *T > {
	pr_flag = (T->flags & 0x200000 ? 0x1000 : 0) | (T->__state & 12 ? 1 : 0) | (T->__state & 3 ? 8 : 0);
	pr_lwpid = T->pid;
	pr_addr = (uintptr_t)T;
	pr_wchan = 0;
	pr_stype = 0;
	pr_state = T->exit_state ? 3 : T->__state & 12 ? 4 : T->__state & 0x800 ? 5 : T->__state ? 1 : T->on_cpu ? 6 : 2;
	pr_sname = T->exit_state ? 'Z' : T->__state & 12 ? 'T' : T->__state & 0x800 ? 'I' : T->__state ? 'S' : T->on_cpu ? 'O' : 'R';
	pr_pri = T->prio;
	pr_name = T->comm;
	pr_onpro = T->thread_info.cpu;
	pr_bindpro = -1;
	pr_bindpset = -1;
	pr_lgrp = 0;
};

inline string execargs = curthread->mm ? __args(curthread->mm->arg_start, curthread->mm->arg_end) : "";
inline string cwd = curthread->fs ? d_path(&curthread->fs->pwd) : "";
inline string root = curthread->fs ? d_path(&curthread->fs->root) : "";
inline pid_t ppid = curthread->real_parent->tgid;
inline psinfo_t *curpsinfo = xlate<psinfo_t *>(curthread);
inline lwpsinfo_t *curlwpsinfo = xlate<lwpsinfo_t *>(curthread);
